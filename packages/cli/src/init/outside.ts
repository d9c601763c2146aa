import { lstatSync, realpathSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { Failure } from '../print/failure.ts'

/**
 * Refuses paths of the project that lead out of it by a link: a project that was cloned from a stranger must not choose which
 * file of the user is written. Links that stay within the project are followed.
 *
 * @throws Failure that names the link.
 */
export function refuseOutside(folder: string, paths: readonly string[]): void {
  const root = realpathSync(folder)
  for (const path of paths) {
    let at = folder
    for (const part of path.split(/[\\/]/)) {
      at = join(at, part)
      const found = lstatSync(at, { throwIfNoEntry: false })
      if (!found) break
      if (found.isSymbolicLink() && !isWithin(root, at))
        throw new Failure(
          1,
          `nothing was written, since ${relative(folder, at)} is a link that leads out of this folder: replace it by a file or folder of the project`,
        )
    }
  }
}

function isWithin(root: string, link: string): boolean {
  try {
    return `${realpathSync(link)}${sep}`.startsWith(`${root}${sep}`)
  } catch {
    // It leads to nothing yet: a file would be made there.
    return false
  }
}
