"""What operators may know of the service: logs and metrics of closed fields and words, never a patient's."""
