import { userInfo } from 'node:os'

/** The account name of the user who runs the command, for the list of actions. */
export function who(): { readonly by?: string } {
  try {
    return { by: userInfo().username.slice(0, 200) }
  } catch {
    // An account without an entry, as in some containers.
    return {}
  }
}
