"""What stands on the pages that the widget is tried on."""

TEXT = "Tamarack Joinery 1875\nTotal due 12.50\nplease pay by Friday"
RECEIPT = (
    "Tamarack Joinery Ltd\nInvoice 1042\nDate 25/01/2018\nOak shelf 4.00\nBrass hook 5.00\nTotal USD 9.00"
)
