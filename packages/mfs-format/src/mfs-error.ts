/** Errno names that handling an image can give. */
export type MfsErrorName =
  | "EACCES" | "EEXIST" | "EFBIG" | "EINVAL" | "EIO" | "EISDIR" | "ELOOP" | "EMLINK" | "ENAMETOOLONG" | "ENOENT" | "ENOSPC"
  | "ENOTDIR" | "ENOTEMPTY" | "EPERM" | "EROFS";

/** What went wrong with an image: an errno name, the path where there is one, and the reason in words. */
export class MfsError extends Error {
  readonly error: MfsErrorName;
  readonly path: string | null;

  constructor(error: MfsErrorName, path: string | null, reason: string) {
    super(path === null ? reason : `${path}: ${reason}`);
    this.name = "MfsError";
    this.error = error;
    this.path = path;
  }
}
