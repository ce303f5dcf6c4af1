"""The shipped maps on small tables in the layouts that the data sets are published in."""

import gzip

import pytest
from PIL import Image

from cxrtune.cohort.own.build import build_own_cohort
from cxrtune.cohort.own.cohort_map import load_map, shipped_maps
from cxrtune.cohort.own.image_tree import search_tree
from nih_folder import image_of
from own_data import known

CHEXPERT = (
    "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Enlarged Cardiomediastinum,Cardiomegaly,Lung Opacity,"
    "Lung Lesion,Edema,Consolidation,Pneumonia,Atelectasis,Pneumothorax,Pleural Effusion,Pleural Other,"
    "Fracture,Support Devices"
)
LABELS = (
    "Atelectasis,Cardiomegaly,Consolidation,Edema,Enlarged Cardiomediastinum,Fracture,Lung Lesion,"
    "Lung Opacity,No Finding,Pleural Effusion,Pleural Other,Pneumonia,Pneumothorax,Support Devices"
)
PADCHEST = (
    ",ImageID,ImageDir,StudyDate_DICOM,StudyID,PatientID,PatientBirth,PatientSex_DICOM,ViewPosition_DICOM,"
    "Projection,MethodProjection,Pediatric,Modality_DICOM,Report,Labels"
)


def draw(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image_of(1)).convert("L").save(path, "PNG" if path.suffix != ".jpg" else "JPEG")


def table(path, *lines):
    text = "\n".join(lines) + "\n"
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="utf-8")
    return path


def made(tables, name, folder):
    own = build_own_cohort(tables, load_map(name), search_tree(folder))
    return own, own.cohort.frame.set_index("image")


def test_the_maps_there_are():
    assert shipped_maps() == ("chexpert", "mimic-cxr", "padchest", "vinbigdata", "vindr-cxr")


def test_chexpert(tmp_path):
    top = "CheXpert-v1.0-small"
    lines = [CHEXPERT]
    for number in range(1, 11):
        for view in ("frontal", "lateral") if number == 1 else ("frontal",):
            name = f"train/patient{number:05}/study1/view1_{view}.jpg"
            draw(tmp_path / name)
            kind = "Frontal,AP" if view == "frontal" else "Lateral,"
            healthy = "1.0,,,,,,,,,,,,," if number % 2 else ",1.0,-1.0,0.0,,,,,,,1.0,,,"
            lines.append(f"{top}/{name},Female,{50 + number},{kind},{healthy}")
    draw(tmp_path / "valid/patient64541/study1/view1_frontal.jpg")
    valid = f"{top}/valid/patient64541/study1/view1_frontal.jpg,Male,73,Frontal,PA" + ",0.0" * 14
    tables = [table(tmp_path / "train.csv", *lines), table(tmp_path / "valid.csv", CHEXPERT, valid)]
    own, frame = made(tables, "chexpert", tmp_path)
    assert (own.flow.in_table, own.flow.excluded_by_protocol, own.flow.kept) == (12, 1, 11)
    assert own.made == ("test",)
    assert len(own.cohort.findings) == 13
    row = frame.loc["train/patient00002/study1/view1_frontal.jpg"]
    assert [row["patient"], row["view"], row["sex"], row["age"]] == ["patient00002", "AP", "F", 52]
    findings = ["Enlarged_Cardiomediastinum", "Cardiomegaly", "Lung_Opacity", "Effusion", "Fracture"]
    assert known(row[findings]) == [1, None, 0, 1, None]
    # The report says that nothing was found.
    assert set(known(frame.loc["train/patient00001/study1/view1_frontal.jpg", findings])) == {0}
    row = frame.loc["valid/patient64541/study1/view1_frontal.jpg"]
    assert [row["split"], row["sex"], row["view"]] == ["validation", "M", "PA"]
    assert own.uncertain == 5


def test_mimic_cxr(tmp_path):
    meta = ["dicom_id,subject_id,study_id,PerformedProcedureStepDescription,ViewPosition,Rows,Columns"]
    split = ["dicom_id,study_id,subject_id,split"]
    labels = [f"subject_id,study_id,{LABELS}"]
    for number in range(9):
        subject, study = 10000032 + number, 50414267 + number
        part = ("train", "validate", "test")[number % 3]
        labels.append(f"{subject},{study},1.0,,0.0,-1.0,,,,,,,,,,")
        for view in ("PA", "LATERAL"):
            image = f"{number:08}-{view}"
            draw(tmp_path / f"files/p10/p{subject}/s{study}/{image}.jpg")
            meta.append(f"{image},{subject},{study},CHEST (PA AND LAT),{view},3056,2544")
            split.append(f"{image},{study},{subject},{part}")
    labels.pop()  # a study that CheXpert's labeller did not read
    names = ("metadata", "split", "chexpert")
    tables = [
        table(tmp_path / f"mimic-cxr-2.0.0-{name}.csv.gz", *lines)
        for name, lines in zip(names, (meta, split, labels), strict=True)
    ]
    own, frame = made(tables, "mimic-cxr", tmp_path)
    assert (own.flow.in_table, own.flow.excluded_by_protocol, own.flow.kept) == (18, 9, 9)
    assert own.made == ()
    row = frame.loc["files/p10/p10000033/s50414268/00000001-PA.jpg"]
    assert [row["patient"], row["view"], row["split"]] == ["10000033", "PA", "validation"]
    assert known(row[["Atelectasis", "Cardiomegaly", "Consolidation", "Edema"]]) == [1, None, 0, None]
    assert frame.loc["files/p10/p10000040/s50414275/00000008-PA.jpg", list(own.cohort.findings)].isna().all()


def test_padchest(tmp_path):
    cells = {
        0: "\"['cardiomegaly', 'pleural effusion']\"",
        1: "['normal']",
        2: "\"['rib fracture', 'unchanged', '']\"",
        3: "['suboptimal study']",
        4: "",
        5: "['unchanged']",
        6: "nan",
        7: "[]",
        8: "\"['exclude', 'mass']\"",
        9: "['Unchanged ']",
    }
    lines = [PADCHEST]
    for number in range(20):
        name = f"2168403111{number:02}_04-014-084.png"
        draw(tmp_path / str(number % 3) / name)
        view = "L" if number == 10 else ("PA", "AP_horizontal")[number % 2]
        lines.append(
            f"{number},{name},{number % 3},20140915,S{number},P{number},1940.0,F,POSTEROANTERIOR,{view},"
            f"Manual review of DICOM fields,No,CR,rx torax,{cells[number % 10]}"
        )
    own, frame = made([table(tmp_path / "padchest.csv", *lines)], "padchest", tmp_path)
    assert own.flow.excluded_by_protocol == 5  # four spoilt or empty images, one lateral
    first = frame.loc["0/216840311100_04-014-084.png"]
    assert [first["patient"], first["sex"], first["age"], first["view"]] == ["P0", "F", 74, "PA"]
    findings = ["Cardiomegaly", "Effusion", "Fracture", "Mass"]
    assert known(first[findings]) == [1, 1, 0, 0]
    assert known(frame.loc["1/216840311101_04-014-084.png", findings]) == [0, 0, 0, 0]
    # What is beside "unchanged" is there; of the rest the report says nothing.
    assert known(frame.loc["2/216840311102_04-014-084.png", findings]) == [None, None, 1, None]
    for name in ("1/216840311104", "2/216840311105", "0/216840311106", "1/216840311107", "0/216840311109"):
        assert known(frame.loc[f"{name}_04-014-084.png", findings]) == [None] * 4
    assert frame.loc["1/216840311101_04-014-084.png", "view"] == "AP"


def test_vindr_cxr(tmp_path):
    wanted = load_map("vindr-cxr")
    columns = [*wanted.findings.values(), "Other diseases", "No finding"]
    train, test = [f"image_id,rad_id,{','.join(columns)}"], [f"image_id,{','.join(columns)}"]
    for number in range(10):
        image = f"{number:032x}"
        draw(tmp_path / "train" / f"{image}.dicom")
        for reader in range(3):
            # Two of three see the first finding; one of three the second.
            values = [int(reader < 2), int(reader == 0), *[0] * (len(columns) - 2)]
            train.append(f"{image},R{reader + 8},{','.join(map(str, values))}")
        other = f"{number + 100:032x}"
        draw(tmp_path / "test" / f"{other}.dicom")
        test.append(f"{other},{','.join(['0', '1', *['0'] * (len(columns) - 2)])}")
    tables = [
        table(tmp_path / "image_labels_train.csv", *train),
        table(tmp_path / "image_labels_test.csv", *test),
    ]
    own, frame = made(tables, "vindr-cxr", tmp_path)
    assert (own.flow.in_table, own.flow.kept) == (20, 20)
    assert own.made == ("validation",)
    assert frame["split"].value_counts().to_dict() == {"test": 10, "train": 8, "validation": 2}
    first = frame.loc[f"train/{0:032x}.dicom"]
    assert known(first[["Aortic_Enlargement", "Atelectasis", "Nodule_Mass"]]) == [1, 0, 0]
    assert known(frame.loc[f"test/{100:032x}.dicom", ["Aortic_Enlargement", "Atelectasis"]]) == [0, 1]
    assert len(own.cohort.findings) == 26


def test_chexpert_in_full_size_lies_in_batches(tmp_path):
    top = "CheXpert-v1.0"
    lines, batches = [CHEXPERT], ("batch 2 (train 1)", "batch 3 (train 2)", "batch 4 (train 3)")
    for number in range(1, 13):
        for study in (1, 2):
            name = f"patient{number:05}/study{study}/view1_frontal.jpg"
            draw(tmp_path / f"{top} {batches[number % 3]}" / name)
            lines.append(f"{top}/train/{name},Female,60,Frontal,AP,,{number % 2}.0" + "," * 12)
    valid = [CHEXPERT]
    for number in (64541, 64542):
        name = f"valid/patient{number}/study1/view1_frontal.jpg"
        draw(tmp_path / f"{top} batch 1 (validate & csv)" / name)
        valid.append(f"{top}/{name},Male,73,Frontal,PA" + ",0.0" * 14)
    tables = [table(tmp_path / "train.csv", *lines), table(tmp_path / "valid.csv", *valid)]
    own, frame = made(tables, "chexpert", tmp_path)
    assert (own.flow.in_table, own.flow.kept) == (26, 26)
    for number in range(1, 13):
        image = f"{top} {batches[number % 3]}/patient{number:05}/study2/view1_frontal.jpg"
        assert frame.loc[image, "patient"] == f"patient{number:05}"
        assert frame.loc[image, "Enlarged_Cardiomediastinum"] == number % 2
    assert frame["split"].value_counts().to_dict() == {"train": 20, "test": 4, "validation": 2}


@pytest.mark.parametrize("again", ["chexpert", "metadata"])
def test_tables_that_cannot_be_joined_are_refused(cxrtune, tmp_path, again):
    draw(tmp_path / "files/p10/p10000032/s50414267/a.jpg")
    tables = {
        "metadata": table(
            tmp_path / "m.csv", "dicom_id,subject_id,study_id,ViewPosition", "a,10000032,50414267,PA"
        ),
        "split": table(tmp_path / "s.csv", "dicom_id,study_id,subject_id,split", "a,50414267,10000032,train"),
        "chexpert": table(
            tmp_path / "c.csv", f"subject_id,study_id,{LABELS}", *["10000032,50414267" + "," * 14] * 2
        ),
    }
    if again == "metadata":
        table(tables["chexpert"], LABELS, "," * 13)
    seen = cxrtune(
        *("cohort", *(part for path in tables.values() for part in ("--csv", path))),
        *("--images", tmp_path, "--map", "mimic-cxr", "--out", tmp_path / "c.parquet"),
    )
    if again == "metadata":
        assert "shares none of the columns dicom_id, study_id, subject_id" in seen.refused()
    else:
        assert "has two rows for one study_id and subject_id, row 3 for one" in seen.refused()
