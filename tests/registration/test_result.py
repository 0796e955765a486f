import numpy as np

from warpkit.registration import register

from .pictures import texture


def test_it_says_whether_to_believe_it():
    image = texture((220, 260))
    assert "converged: " in repr(register(image, image, "rigid", init="identity"))
    other = register(image, texture((220, 260), 1), "rigid", init="identity")
    assert repr(other).startswith("<RegistrationResult: Rigid, NOT converged: ")


def test_the_way_back():
    image = texture((220, 260))
    result = register(image, image, "affine", init="identity")
    points = np.array([[3.0, 4.0], [100.0, 50.0]])
    np.testing.assert_allclose(result.inverse(result.transform(points)[0])[0], points, atol=1e-9)
