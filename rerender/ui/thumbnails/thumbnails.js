export default function ({ data, parentElement, setTriggerValue }) {
  const { header, urls } = unpack(data, parentElement)
  const group = parentElement.querySelector(".thumbnails")
  group.ariaLabel = header.label
  group.style.setProperty("--count", urls.length)
  group.style.setProperty("--widest", header.widest)
  group.style.setProperty("--aspect", header.aspect)

  if (group.dataset.key !== header.key) {
    group.dataset.key = header.key
    group.replaceChildren(...urls.map(picture))
  }
  group.querySelectorAll("label").forEach((label, index) => {
    const radio = label.querySelector("input")
    radio.checked = index === header.chosen
    radio.onchange = () => setTriggerValue("chosen", index)
    label.querySelector("img").alt = header.alts[index]
    const caption = label.querySelector("span")
    caption.textContent = header.captions[index]
    caption.hidden = !header.captions[index]
  })
  return () => release(parentElement)
}

function picture(url) {
  const label = document.createElement("label")
  const radio = document.createElement("input")
  const image = document.createElement("img")
  radio.type = "radio"
  radio.name = "thumbnails"
  image.src = url
  label.append(radio, image, document.createElement("span"))
  return label
}
