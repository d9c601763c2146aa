/** The options of `PosternModule.forRoot`. */
export const ROOT: unique symbol = Symbol('PosternModule.forRoot')

/** What mounts, subscribes and closes the receivers of an app. */
export const HOST: unique symbol = Symbol('postern.host')

/**
 * The token of a receiver, for `app.get()` and for factories that inject it.
 *
 * @example
 * const receiver = app.get(receiverToken('stripe'))
 */
export function receiverToken(name: string): string {
  return `postern.receiver.${name}`
}
