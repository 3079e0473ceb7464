"""An experiment for hidden set-up of pages, where what it does is not the subject."""

from sacred_core import Experiment

ex = Experiment("train", save_git_info=False)


@ex.config
def config():
    lr = 0.1
    epochs = 3
    width = 64
    model = {"width": 64}


@ex.automain
def main(_run, lr, epochs):
    """Log a loss."""
    for epoch in range(epochs):
        _run.log_scalar("loss", lr * 0.9**epoch, epoch)
        _run.log_scalar("val_loss", lr * 0.95**epoch, epoch)
        _run.log_scalar("acc", 1 - lr * 0.9**epoch, epoch)
    return lr
