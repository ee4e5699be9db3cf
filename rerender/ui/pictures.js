const kept = new WeakMap()

// The header of a buffer made by components.pack, and one URL a file. Reruns with the same files keep their URLs.
function unpack(data, owner) {
  const bytes = data instanceof Uint8Array ? data : new Uint8Array(data)
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)))
  if (kept.get(owner)?.key !== header.key) {
    release(owner)
    let start = 4 + length
    const urls = header.sizes.map((size, index) => {
      const file = new Blob([bytes.subarray(start, start + size)], { type: header.types[index] })
      start += size
      return URL.createObjectURL(file)
    })
    kept.set(owner, { key: header.key, urls })
  }
  return { header, urls: kept.get(owner).urls }
}

function release(owner) {
  kept.get(owner)?.urls.forEach(url => URL.revokeObjectURL(url))
  kept.delete(owner)
}

