"""Tests of finding the recorded package of an import."""

import pytest

from sacred_core.compare.causes.distributions import Distributions


@pytest.mark.parametrize(
    ("module", "package"),
    [
        ("numpy", "numpy"),
        ("sklearn", "scikit-learn"),
        ("PIL", "Pillow"),
        ("yaml", "PyYAML"),
        ("cv2", "opencv-python-headless"),
        ("acme_tools", "acme.tools"),
        ("attr", "attrs"),
        ("_pytest", "pytest"),  # installed here
        ("torch", None),
        ("os", None),
    ],
)
def test_the_package_of_a_module_is_found(module: str, package: str | None) -> None:
    """Names that differ, other spellings and installed packages are known."""
    recorded = [
        "numpy", "scikit-learn", "Pillow", "PyYAML", "opencv-python-headless", "acme.tools",
        "attrs", "pytest", "torchvision", "sacred-core",
    ]  # fmt: skip
    assert Distributions(recorded).find(module) == package
