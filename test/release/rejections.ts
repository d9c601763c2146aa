/** State of the repository before a release. */
export interface Readiness {
  /** `postern.home` of the root's package.json. */
  readonly home: string
  /** Packages whose package.json does not match the repository's address. */
  readonly strayed: readonly string[]
  readonly version: string
  /** Output of `git status --porcelain`. */
  readonly changed: string
}

/** Returns the reasons why nothing may be published. Empty if the release is ready. */
export function rejections({ home, strayed, version, changed }: Readiness): readonly string[] {
  return [
    ...(home === ''
      ? [
          'postern.home: is empty, so that no package would say where it comes from; write the address of the repository into the package.json at the root and run npm run release -- home',
        ]
      : []),
    ...(strayed.length > 0
      ? [
          `repository: is not that of postern.home in ${strayed.join(', ')}; run npm run release -- home`,
        ]
      : []),
    ...(version === '0.0.0'
      ? [
          'version: is 0.0.0, so that no changeset was made a version; run npm run release -- version',
        ]
      : []),
    ...(changed.trim() === ''
      ? []
      : [`commit or remove first what git does not have:\n${changed}`]),
  ]
}
