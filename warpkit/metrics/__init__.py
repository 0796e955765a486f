from ._correlation import correlation as correlation
from ._huber import huber as huber
from ._ssd import ssd as ssd
from ._tukey import tukey as tukey
from ._window_sum import window_sum as window_sum
from ._local_correlation import local_correlation as local_correlation
