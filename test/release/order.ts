import type { Manifest } from './home.ts'

/**
 * Sorts packages so that each comes after its dependencies. During the release, nobody can then install a package whose
 * dependencies are missing.
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
