"""What is served to browsers and to Prometheus: the operators' pages and the program's figures."""
