"""The crew's terminal screen: shows state and sends marks."""
