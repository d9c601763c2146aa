/** Why a call of `fetch` failed, in its own words: it hides them behind "fetch failed". */
export function whyNot(error: unknown): string {
  const { cause, message } = error as Error
  const { code, message: inner } = (cause ?? {}) as { code?: string; message?: string }
  return code ?? inner ?? message
}
