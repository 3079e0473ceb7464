"""The questions for MLflow with SQLite: ``python with_mlflow.py QUESTION``."""

import os
import sys
import time

import mlflow
from marks import begin, end
from mlflow.entities import Metric

SIZE = int(os.environ["SIZE"])
AT_ONCE = 1000  # the most that a batch may have

mlflow.set_tracking_uri("sqlite:///mlflow.db")
mlflow.set_experiment("benchmark")


def hello() -> None:
    """Record a configuration and print a message."""
    with mlflow.start_run():
        config = {"recipient": "world", "message": "Hello world!"}
        mlflow.log_params(config)
        print(config["message"])


def points() -> None:
    """Log many points in the largest batches."""
    client = mlflow.MlflowClient()
    with mlflow.start_run() as run:
        begin()
        batch = []
        for step in range(SIZE):
            batch.append(Metric("loss", step * 0.5, int(time.time() * 1000), step))
            if len(batch) == AT_ONCE or step == SIZE - 1:
                client.log_batch(run.info.run_id, metrics=batch)
                batch = []
        end()


def artifacts() -> None:
    """Add many small files."""
    with mlflow.start_run():
        begin()
        for number in range(SIZE):
            name = f"file{number}.txt"
            with open(name, "w") as file:
                file.write(f"content {number} " * 100)
            mlflow.log_artifact(name)


def scalar() -> None:
    """Log one point, and run until another process has read it."""
    with mlflow.start_run():
        time.sleep(0.5)
        begin()
        mlflow.log_metric("loss", 0.7310585975646973, step=0)
        time.sleep(60)


quick_scalar = scalar  # there is no interval to change
globals()[sys.argv[1]]()
