"""The life of a model in a hub: estimated, proposed, simulated, applied, rolled back.

``in_force`` says under which rules the hub works, ``training`` estimates from what is held, ``learning`` from what stewards
answered, ``simulating`` says what a version would change, ``applying`` brings everything under it, ``proposing`` tells a nightly
job whether a new one is due.
"""
