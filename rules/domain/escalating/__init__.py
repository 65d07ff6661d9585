"""What follows reminders: the steps, and which of them an invoice has come to."""
