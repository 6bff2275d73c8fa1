"""Servers of one's own: PostgreSQL and RabbitMQ from their Debian packages, where no container engine runs.

    processes   a program that outlives the command which started it: pid, log, stop, kill
    debian      the packages, and whether they are here
    folders     where a server may keep its data
    postgres    a private PostgreSQL in a folder
    rabbitmq    a private RabbitMQ in a folder
    running     what was started for a company's folder, so that a later command finds it
    together    all of it: up, status, down

Nothing here knows the hub's stages: workers, interface and demo are command lines handed in by the door.
"""
