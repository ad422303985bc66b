"""What leaves the hub for hosts that are not AWS, by libcurl: forwards over HTTP/1.1, pushes over HTTP/2."""
