/**
 * The address of the site, without a slash at its end: `postern.site` of the root's package.json, written here by
 * `npm run release -- home`. Empty until there is one.
 */
export const SITE: string = ''
