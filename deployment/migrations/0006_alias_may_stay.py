import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("deployment", "0005_proof_words"),
    ]

    operations = [
        migrations.AddField(
            model_name="servingpolicy",
            name="alias_may_stay",
            field=models.BooleanField(
                default=False,
                help_text="Promote what some servers cannot serve (a head, beside Ollama) on those that can. On the others the alias for outside clients stays with the version that it names. Off: such a version cannot be promoted.",
                verbose_name="the alias may stay",
            ),
        ),
        migrations.AlterField(
            model_name="deploymenttarget",
            name="staged",
            field=models.ForeignKey(
                help_text="What the alias is to lead to; where it stays, another version, or none.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="targets",
                to="deployment.stagedversion",
            ),
        ),
        migrations.AlterField(
            model_name="deploymenttarget",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting", "Waiting"),
                    ("warmed", "Warmed"),
                    ("moved", "Moved"),
                    ("proven", "Proven"),
                    ("behind", "Away; catches up when it returns"),
                    ("stays", "Cannot serve it"),
                    ("back", "Led back to the version before"),
                ],
                default="waiting",
                max_length=10,
            ),
        ),
    ]
