/**
 * How a person registers a receiver's URL at a sender, and where the secret comes from, in the names of the sender's own
 * documentation. At least one of `steps`, `place` and `call` is there.
 *
 * @example
 * const setup: Setup = {
 *   steps: ['<repository>', 'Settings', 'Webhooks', 'Add webhook'],
 *   secret: 'the text that you type as Secret',
 *   docs: 'https://docs.github.com/en/webhooks/using-webhooks/creating-webhooks',
 * }
 */
export interface Setup {
  /** Menus, pages and buttons in the order of clicks, up to the form that takes the URL. A name in `<…>` is the reader's own. */
  readonly steps?: readonly string[]
  /** Address where `steps` begin or end, if it is the same for everybody. */
  readonly url?: string
  /** Where the URL goes, in words, if no menu is named: a file, a field of a request, another protocol. */
  readonly place?: string
  /** The call of the sender's API that registers a URL. Alone if the sender has no page for it, or names no menu. */
  readonly call?: string
  /** Where the secret, or what stands for it, comes from. Absent if the provider takes none. */
  readonly secret?: string
  /** The page of the sender that says so. */
  readonly docs: string
}
