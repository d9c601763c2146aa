import { userInfo } from 'node:os'

/** Who runs the command, as the list of actions tells: the name of the account. */
export function who(): { readonly by?: string } {
  try {
    return { by: userInfo().username.slice(0, 200) }
  } catch {
    // An account without an entry, as in some containers.
    return {}
  }
}
