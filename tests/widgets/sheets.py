"""What stands on the pages that the widget is tried on."""

TEXT = "Tamarack Joinery 1875\nTotal due 12.50\nplease pay by Friday"
