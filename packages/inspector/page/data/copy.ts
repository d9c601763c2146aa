import { inertText } from '@postern/core/inert'
import { note } from './announce.ts'

/**
 * Copies a text and says so. Returns false if the browser does not allow it: the page must then show the text. A text
 * from outside becomes one line that does nothing when it is pasted. `isInert` is true if it already is one.
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
