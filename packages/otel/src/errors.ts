import { textOf } from '@postern/core/scheme'

/** The name of a thrown value: a word of the program, never a message, which may quote a payload. */
export function errorName(error: unknown): string {
  return textOf(error, 'name') || 'Error'
}

/** The code of an error of a call (`ECONNREFUSED`), or its name. */
export function callErrorName(error: unknown): string {
  const code = textOf(error, 'code')
  return code !== undefined && /^[A-Z_\d]{1,50}$/.test(code) ? code : errorName(error)
}
