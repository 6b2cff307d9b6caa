"""What the humanoids can do, one class per task kind, as muster's skill protocol asks
(muster.runtime.skills).

They know the world file, and what a `BodyView` tells; never the simulator. On a robot whose base
follows velocity commands and is localised they run as they are.
"""
