"""What is measured over HTTP alone, of an installation of the benchmark or of a deployment."""
