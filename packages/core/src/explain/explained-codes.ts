import type { ErrorCode } from '../errors.ts'

/**
 * The codes of rejections whose cause `explain` can find: those of the signature, its headers and its time.
 *
 * @example
 * if (explainedCodes.has(error.code)) console.log(await explain(delivery, provider))
 */
export const explainedCodes: ReadonlySet<string> = /* @__PURE__ */ new Set<ErrorCode>([
  'missing_header',
  'malformed_header',
  'signature_mismatch',
  'timestamp_too_old',
  'timestamp_in_future',
  'unknown_sender',
])
