"""What a submitted identity document tells by itself: six layers side by side, beside them vetoes.

A library: it stores nothing and knows no models. Who runs it hands over bytes and a few callables (`types`), and gets a
`Report`. It decides nothing: a person does.
"""

import os

# Before numpy is loaded: the layers are the parallel part. Threads of its matrix library beside them, on few cores,
# make multiplications of a millisecond last a second.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
