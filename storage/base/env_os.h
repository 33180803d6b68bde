/*
 * env_os.h - what the files of env share among themselves: wording an errno, and the hook of
 * tests. Nobody else includes it.
 */
#ifndef MU_ENV_OS_H
#define MU_ENV_OS_H

#include "storage/base/status.h"

/* Asks the hook; an errno to fail with, or 0. Called before every change of the disk. */
int mu_env_before(const char *operation, const char *path);

/* `cannot write "path": the disk is full; ...`, for `doing` "write" and an errno. */
muster_status mu_env_fail(muster_error *err, int error, const char *doing, const char *path);

char *mu_env_join(const char *directory, const char *name); /* the caller's; NULL: no memory */

#endif
