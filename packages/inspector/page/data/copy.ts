import { inertText } from '@postern/core/inert'
import { note } from './announce.ts'

/**
 * Copies a text, and shows a note. Returns false if the browser does not allow copying: the caller must then show the
 * text. Control characters and line breaks become escapes, so that pasting the text runs nothing. With `isInert`, the
 * text is copied as it is.
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
