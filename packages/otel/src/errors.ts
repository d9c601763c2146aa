/** The name of a thrown value: a word of the program, never a message, which may quote a payload. */
export function errorName(error: unknown): string {
  const name = member(error, 'name')
  return typeof name === 'string' && name !== '' ? name : 'Error'
}

/** The code of an error of a call (`ECONNREFUSED`), or its name. */
export function callErrorName(error: unknown): string {
  const code = member(error, 'code')
  return typeof code === 'string' && /^[A-Z_\d]{1,50}$/.test(code) ? code : errorName(error)
}

function member(error: unknown, name: string): unknown {
  try {
    return (error as Record<string, unknown> | null | undefined)?.[name]
  } catch {
    // A handler can throw what it wants: a revoked proxy too.
    return undefined
  }
}
