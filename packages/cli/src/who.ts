import { userInfo } from 'node:os'

/** Returns the account name of the user who runs the command, for the inbox's list of actions. */
export function who(): { readonly by?: string } {
  try {
    return { by: userInfo().username.slice(0, 200) }
  } catch {
    // The account has no entry in the user database, as in some containers.
    return {}
  }
}
