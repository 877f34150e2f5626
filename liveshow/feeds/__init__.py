"""Where sound and pictures come from: one file a kind, `base` says what a feed is, `table` which kinds there are."""
