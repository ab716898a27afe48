"""DAGs to schedule as they are; `ocr-plugins airflow dags-path` tells where they lie."""
