/* The data store: values by name that outlive a service (reference/rs-sef-ds-syslib.md 4). 0 or a negated error number. */
#ifndef MINIX_DS_H
#define MINIX_DS_H
#include <stddef.h>
#include <stdint.h>
#include <minix/ipc.h>

#define DS_MAX_KEYLEN 80                   /* with its NUL */
#define DSF_PRIV_RETRIEVE 0x002
#define DSF_PRIV_OVERWRITE 0x004
#define DSF_PRIV_SNAPSHOT 0x004
#define DSF_PRIV_SUBSCRIBE 0x008
#define DSF_TYPE_U32 0x010
#define DSF_TYPE_STR 0x020
#define DSF_TYPE_MEM 0x040
#define DSF_TYPE_MAP 0x080
#define DSF_TYPE_LABEL 0x100
#define DSF_OVERWRITE 0x01000
#define DSF_INITIAL 0x02000                /* subscribe: what matches already counts as new */
#define DSMF_MAP_MAPPED 0x10000            /* ds_retrieve_map: a view of the memory itself, */
#define DSMF_COPY_MAPPED 0x20000           /* a copy of it as it is now, */
#define DSMF_COPY_SNAPSHOT 0x40000         /* or a copy of one of its last five snapshots */
#define DS_DRIVER_UP 1

int ds_publish_u32(const char *name, uint32_t value, int flags);
int ds_retrieve_u32(const char *name, uint32_t *value);
int ds_delete_u32(const char *name);

int ds_publish_str(const char *name, const char *value, int flags);
/* At most `length` characters and a NUL: the buffer has room for length + 1. */
int ds_retrieve_str(const char *name, char *value, size_t length);
int ds_delete_str(const char *name);

int ds_publish_mem(const char *name, const void *address, size_t length, int flags);
/* *length: the room, then how much came. */
int ds_retrieve_mem(const char *name, void *address, size_t *length);
int ds_delete_mem(const char *name);

int ds_publish_label(const char *name, endpoint_t value, int flags); /* RS only */
int ds_retrieve_label_endpt(const char *name, endpoint_t *value);
int ds_retrieve_label_name(char *name, endpoint_t value);            /* room for DS_MAX_KEYLEN */
int ds_delete_label(const char *name);

/* Whole pages, which others then see as they change. The grant behind them lives until the entry is deleted. */
int ds_publish_map(const char *name, const void *address, size_t length, int flags);
int ds_snapshot_map(const char *name, int *number);
int ds_retrieve_map(const char *name, void *address, size_t *length, int number, int mode);
int ds_delete_map(const char *name);

/* A notification from DS when a key matches that is published or deleted; then ds_check until it says -ENOENT. */
int ds_subscribe(const char *pattern, int flags);
int ds_check(char *key, int *type, endpoint_t *owner);               /* key: room for DS_MAX_KEYLEN */

#endif
