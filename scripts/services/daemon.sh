#!/usr/bin/env bash
# daemon.sh PROGRAM [ARGUMENT…]: becomes the program, without the descriptors that it would inherit: a lock held by a shell, a pipe that a caller reads to its end.
# Node closes only its own, and the first of its parent's. In braces: this file is one of the descriptors.
{
  for at in /dev/fd/*; do
    at=${at##*/}
    if ((at > 2)); then eval "exec $at>&-"; fi
  done
  exec "$@"
}
