import { barsText } from './bars.ts'
import { linesText } from './lines.ts'
import type { Picture } from './part.ts'

export function pictureText(picture: Picture): string {
  return picture.kind === 'bars' ? barsText(picture) : linesText(picture)
}
