import { inertText } from '@postern/core/inert'
import { note } from './announce.ts'

/**
 * Copies a text and says so. False if this browser does not let the page: the text must be shown then. A text that strangers may
 * have chosen becomes one line that does nothing where it is pasted; `isInert` says that it was made so already.
 */
export async function copyText(text: string, what: string, isInert = false): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(isInert ? text : inertText(text))
  } catch {
    note(`The browser does not let this page copy. Open it over https, or select the ${what}.`)
    return false
  }
  note(`Copied the ${what}.`)
  return true
}
