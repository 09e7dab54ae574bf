import socket, time, statistics, pytest
from django.core.cache import cache
from users.tests.test_session_store import hung_redis
from users.tests.test_sign_in import _outcome
from users.tests.helpers import make_person
def test_cache_get(hung_redis):
    t=time.monotonic()
    try: cache.get("x")
    except Exception as e: print(type(e))
    print("cache.get took", time.monotonic()-t)
@pytest.mark.django_db
def test_gap():
    N=60
    for i in range(N): make_person(email=f"known{i}@example.org")
    t={"known":[],"nobody":[]}
    for i in range(N):
        for w in t:
            b=time.perf_counter(); _outcome(f"{w}{i}@example.org","wrong",ip=f"198.51.{i}.{len(w)}"); t[w].append(time.perf_counter()-b)
    k,n=(statistics.median(x) for x in t.values()); print("known %.2fms nobody %.2fms gap %.2f%%"%(k*1e3,n*1e3,abs(k-n)/k*100))
