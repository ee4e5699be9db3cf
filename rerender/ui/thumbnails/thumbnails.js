export default function ({ data, parentElement, setTriggerValue }) {
  const { header, urls } = unpack(data, parentElement)
  const group = parentElement.querySelector(".thumbnails")
  group.ariaLabel = header.label
  group.dataset.wraps = Boolean(header.narrowest)
  for (const name of ["widest", "narrowest", "aspect"]) group.style.setProperty("--" + name, header[name])
  group.style.setProperty("--count", urls.length)

  // A cell that stays keeps its element, and so the keyboard's focus, when its picture comes.
  if (group.children.length !== urls.length) group.replaceChildren(...urls.map(cell))
  group.querySelectorAll("label").forEach((label, index) => {
    const radio = label.querySelector("input")
    radio.checked = index === header.chosen
    radio.onchange = () => setTriggerValue("chosen", index)
    const image = label.querySelector("img")
    if (image.src !== urls[index]) image.src = urls[index]
    image.alt = header.alts[index]
    write(label.querySelector(".caption"), header.captions[index])
    write(label.querySelector(".state"), header.states[index])
    label.title = header.captions[index]
  })
  return () => release(parentElement)
}

function cell() {
  const label = document.createElement("label")
  const radio = document.createElement("input")
  radio.type = "radio"
  radio.name = "thumbnails"
  label.append(radio, document.createElement("img"), text("state"), text("caption"))
  return label
}

function text(kind) {
  const element = document.createElement("span")
  element.className = kind
  // The picture's text alternative says the same.
  element.ariaHidden = true
  return element
}

function write(element, words) {
  element.textContent = words
  element.hidden = !words
}
