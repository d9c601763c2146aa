import type { MultipartBody, MultipartLimits } from './multipart.ts'

/**
 * The fields and files of a `multipart/form-data` body. Few senders post files: the reader is loaded when the first one
 * does. It rejects as `parseMultipart` of multipart.ts does.
 */
export async function parseMultipart(
  body: Uint8Array,
  limits: MultipartLimits,
): Promise<MultipartBody> {
  const { parseMultipart: parse } = await import('./multipart.ts')
  return parse(body, limits)
}
