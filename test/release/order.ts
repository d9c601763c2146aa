import type { Manifest } from './home.ts'

/**
 * Packages in an order in which each comes after those that it depends on, so that nobody installs one whose parts are not
 * there yet.
 */
export function inOrder<M extends Pick<Manifest, 'name' | 'dependencies'>>(
  manifests: readonly M[],
): readonly M[] {
  const left = new Map(manifests.map((manifest) => [manifest.name, manifest]))
  const order: M[] = []
  while (left.size > 0) {
    const free = [...left.values()].filter(
      ({ dependencies = {} }) => !Object.keys(dependencies).some((name) => left.has(name)),
    )
    if (free.length === 0) throw new Error(`a circle of packages: ${[...left.keys()].join(', ')}`)
    for (const manifest of free) left.delete(manifest.name)
    order.push(...free)
  }
  return order
}
