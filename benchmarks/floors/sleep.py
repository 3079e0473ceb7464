"""Wait for some seconds."""

import os
import time

from marks import begin, end

begin()
time.sleep(float(os.environ["SECONDS"]))
end()
