import { afterAll, afterEach, beforeAll } from 'vitest'
import { scene, type Scene } from './scene.ts'

/** Makes a scene for the tests of a file. What a test has started ends with it. */
export function useScene(): Scene {
  const made = {} as Scene
  beforeAll(async () => void Object.assign(made, await scene()))
  afterEach(() => made.end())
  afterAll(() => made.close())
  return made
}
