"""Records the folders of TensorFlow's summaries in a run."""

from sacred_tensorflow.log_file_writer import LogFileWriter

__all__ = ["LogFileWriter"]
