/** Returns why a call of `fetch` failed. The real reason is in `cause`, behind the message "fetch failed". */
export function whyNot(error: unknown): string {
  const { cause, message } = error as Error
  const { code, message: inner } = (cause ?? {}) as { code?: string; message?: string }
  return code ?? inner ?? message
}
