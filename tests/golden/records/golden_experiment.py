"""The experiment of the golden records, copied beside the data of each test: it is a source."""

from sacred_core import Experiment, Ingredient, host_info
from sacred_core.testing.samples import AWKWARD

data = Ingredient("data", save_git_info=False)
data.add_config(path="data.csv", columns=["a", "b"], api_key="hunter2")

lab = host_info.host_info_gatherer("lab")(lambda: {"room": 5, "ä": None})
ex = Experiment("golden", ingredients=[data], save_git_info=False, additional_host_info=[lab])
ex.add_config(seed=7, lr=0.1, awkward=AWKWARD, layers=[{"size": 3}, {"size": 4}])
ex.add_named_config("wide", layers=[{"size": 300}])


@ex.command
def complete(_run, lr):
    print("printed ä \U0001f600")
    for step in range(3):
        _run.log_scalar("loss", lr / (step + 1), step)
        _run.log_scalar("train.acc", step)
    _run.info["alpha"] = {"list": [1, 2.5, None], "nan": float("nan")}
    with _run.open_resource("data.csv") as file:
        file.read()
    _run.add_artifact("model.bin", metadata={"n": [1]})
    _run.add_artifact("model.bin", name="in/folders/copy.py", content_type="text/x-mine")
    return {"loss": lr, "list": [1, "two"]}


@ex.command
def fail(_run):
    _run.info["before"] = 1
    raise ValueError("broke ä")


@ex.command
def stop():
    raise KeyboardInterrupt
