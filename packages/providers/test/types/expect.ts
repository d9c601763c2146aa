type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** A function that accepts only values of exactly the type A. */
export function expectType<A>() {
  return <B extends (Equal<A, B> extends true ? A : never)>(_value: B): void => undefined
}
