export const ROOT: unique symbol = Symbol('PosternModule.forRoot')

export const HOST: unique symbol = Symbol('postern.host')

/**
 * Returns the token of a receiver, for `app.get()` and for factories that inject it.
 *
 * @example
 * const receiver = app.get(receiverToken('stripe'))
 */
export function receiverToken(name: string): string {
  return `postern.receiver.${name}`
}
